import type { Texts } from './texts.ts';

const openAgain = 'アプリに戻り、もう一度リンクを開いてください。';

export const ja: Texts = {
  code: 'ja',
  direction: 'ltr',
  list: {
    title: (app) => `データを ${app} に接続`,
    lead: (app) => `健康データの保存先を選んでください。${app} が見るのは、共有に同意した内容だけです。`,
    search: '接続先を検索',
    searchButton: '検索',
    showAll: 'すべての接続先を表示',
    noMatch: (query) => `「${query}」に一致する接続先はありません。`,
    none: '接続できるサービスはまだありません。',
    connectedHeading: '接続済み',
    moreHeading: 'ほかのサービスを接続',
    simulated: 'シミュレーション',
    simulatedHelp: 'シミュレーションの接続先には架空の人物が入っています。実際のアカウントは不要です。',
    inApp: 'アプリで続けます',
    connected: '接続済み',
    needsReconnecting: '再接続が必要です',
    connect: (name) => `${name} を接続`,
    reconnect: '再接続',
    disconnect: '接続を解除',
    disconnected: (name) => `${name} の接続を解除しました。`,
    privacy: (app) => `サインインは接続先のサイトで行います。${app} にパスワードが渡ることはありません。`,
  },
  disconnect: {
    title: (name) => `${name} の接続を解除しますか？`,
    body: (app, name) =>
      `${app} は ${name} のデータを受け取らなくなり、この接続で保存したデータは削除されます。あとで再び接続できます。`,
    confirm: '接続を解除する',
    keep: '接続したままにする',
  },
  success: {
    title: (name) => (name ? `${name} を接続しました` : '接続しました'),
    body: (app) => (app ? `${app} がデータを受け取れるようになりました。` : 'データを受け取れるようになりました。'),
    account: 'アカウント',
    shared: '共有する内容',
    next: (app) => (app ? `このページを閉じて ${app} に戻ってください。` : 'このページは閉じてかまいません。'),
  },
  confirm: {
    title: (name) => `ここで ${name} を接続しますか？`,
    body: (app, name) => `別のブラウザーで ${name} から戻りました。${app} に接続するには続けてください。`,
    caution: 'ご自身で始めた操作でなければ、このページを閉じてください。何も接続されません。',
    button: 'はい、接続します',
  },
  forward: {
    title: (name) => (name ? `${name} を開いています…` : 'しばらくお待ちください…'),
    body: '自動で進まないときは、ボタンを押してください。',
    button: '続ける',
  },
  notices: {
    expired: {
      title: 'リンクの有効期限が切れました',
      body: '安全のため、リンクは短い時間だけ有効です。',
      next: 'アプリに戻り、最初からやり直して新しいリンクを開いてください。',
    },
    userLimit: {
      title: '現在は新しく接続できません',
      body: 'このアプリで接続できる人数の上限に達しています。',
      next: 'アプリの運営者に知らせてください。上限は変更できます。',
    },
    unknownLink: {
      title: 'このリンクは使えません',
      body: 'リンクが途中で切れているか、新しいリンクに置き換わっています。',
      next: 'アプリに戻り、最初からやり直して新しいリンクを開いてください。',
    },
    formExpired: {
      title: 'もう一度お試しください',
      body: 'ページを長く開いたままだったか、ブラウザーで Cookie が無効になっています。',
      next: 'このページの Cookie を許可して、選び直してください。何も変更されていません。',
    },
  },
  reasons: {
    access_denied: {
      title: '接続されませんでした',
      body: '接続先でアクセスが許可されませんでした。',
      next: '間違いだった場合は、もう一度接続して許可を選んでください。',
    },
    cancelled: {
      title: '接続されませんでした',
      body: '完了する前に操作が中止されました。',
      next: 'いつでも最初からやり直せます。',
    },
    session_expired: {
      title: '時間切れです',
      body: '戻る前にリンクの有効期限が切れました。',
      next: openAgain,
    },
    invalid_credentials: {
      title: 'サインインできませんでした',
      body: '接続先がユーザー名またはパスワードを確認できませんでした。',
      next: '接続先で確認してから、もう一度接続してください。',
    },
    invalid_state: {
      title: 'リクエストを確認できませんでした',
      body: '別のブラウザーで開かれたか、二度開かれたか、古いページです。',
      next: openAgain,
    },
    token_exchange_failed: {
      title: '接続先で完了できませんでした',
      body: '許可されましたが、接続先がアクセス権を渡しませんでした。',
      next: '少し待ってからもう一度接続してください。続く場合はアプリの運営者に知らせてください。',
    },
    insufficient_scopes: {
      title: '必要な許可が足りません',
      body: 'アプリに欠かせない項目のチェックが外れていました。',
      next: 'もう一度接続し、必須の項目はすべてチェックしたままにしてください。',
    },
    no_active_membership: {
      title: '会員登録が必要です',
      body: '接続先は、有効な会員のデータだけを共有します。',
      next: '接続先で会員登録を更新してから、もう一度接続してください。',
    },
    user_limit_reached: {
      title: '現在は新しく接続できません',
      body: 'このアプリで接続できる人数の上限に達しています。',
      next: 'アプリの運営者に知らせてください。上限は変更できます。',
    },
    provider_unavailable: {
      title: '接続先につながりません',
      body: '現在応答がありません。多くの場合、すぐに回復します。',
      next: '数分後にもう一度お試しください。',
    },
    provider_rate_limited: {
      title: '接続先が混み合っています',
      body: '現在、新しいリクエストを受け付けていません。',
      next: '数分後にもう一度お試しください。',
    },
    account_already_linked: {
      title: 'このアカウントは接続済みです',
      body: '接続先の同じアカウントが、別の接続で使われています。',
      next: '先にそちらの接続を解除するか、別のアカウントでサインインしてください。',
    },
    internal_error: {
      title: 'こちらで問題が起きました',
      body: '何も接続されていません。お客様の操作に問題はありません。',
      next: 'もう一度お試しください。続く場合はアプリの運営者に知らせてください。',
    },
  },
  unknownReason: {
    title: '接続されませんでした',
    body: '接続先が処理を終了し、理由としてコードだけを返しました。',
    next: 'もう一度お試しください。続く場合は、このコードをアプリの運営者に伝えてください。',
  },
  reasonCode: 'コード',
  tryAgain: 'もう一度試す',
  back: '一覧に戻る',
};
