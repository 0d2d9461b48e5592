import type { Texts } from './texts.ts';

const openAgain = 'Gehen Sie zurück zur App und öffnen Sie den Link noch einmal.';

export const de: Texts = {
  code: 'de',
  direction: 'ltr',
  list: {
    title: (app) => `Verbinden Sie Ihre Daten mit ${app}`,
    lead: (app) => `Wählen Sie, wo Ihre Gesundheitsdaten liegen. ${app} sieht nur, was Sie freigeben.`,
    search: 'Quellen suchen',
    searchButton: 'Suchen',
    showAll: 'Alle Quellen anzeigen',
    noMatch: (query) => `Keine Quelle passt zu „${query}“.`,
    none: 'Hier gibt es noch keine Quelle zum Verbinden.',
    connectedHeading: 'Verbunden',
    moreHeading: 'Weitere Quelle verbinden',
    simulated: 'Simuliert',
    simulatedHelp: 'Simulierte Quellen enthalten erfundene Personen. Ein echtes Konto ist nicht nötig.',
    inApp: 'Weiter in der App',
    connected: 'Verbunden',
    needsReconnecting: 'Muss neu verbunden werden',
    connect: (name) => `${name} verbinden`,
    reconnect: 'Neu verbinden',
    disconnect: 'Trennen',
    disconnected: (name) => `${name} ist getrennt.`,
    privacy: (app) => `Sie melden sich direkt bei der Quelle an. ${app} sieht Ihr Passwort nie.`,
  },
  disconnect: {
    title: (name) => `${name} trennen?`,
    body: (app, name) =>
      `${app} erhält keine Daten von ${name} mehr, und was zu dieser Verbindung gespeichert war, wird gelöscht. Sie können sie später wieder herstellen.`,
    confirm: 'Trennen',
    keep: 'Verbunden lassen',
  },
  success: {
    title: (name) => (name ? `${name} ist verbunden` : 'Die Verbindung steht'),
    body: (app) => (app ? `${app} kann Ihre Daten jetzt empfangen.` : 'Ihre Daten können jetzt empfangen werden.'),
    account: 'Konto',
    shared: 'Sie teilen',
    next: (app) =>
      app ? `Sie können diese Seite schließen und zu ${app} zurückkehren.` : 'Sie können diese Seite schließen.',
  },
  confirm: {
    title: (name) => `${name} hier verbinden?`,
    body: (app, name) =>
      `Sie sind in einem anderen Browser von ${name} zurückgekommen. Fahren Sie fort, um es mit ${app} zu verbinden.`,
    caution: 'Wenn Sie das nicht selbst begonnen haben, schließen Sie diese Seite. Dann wird nichts verbunden.',
    button: 'Ja, verbinden',
  },
  forward: {
    title: (name) => (name ? `${name} wird geöffnet …` : 'Einen Moment …'),
    body: 'Falls nichts passiert, nutzen Sie die Schaltfläche.',
    button: 'Weiter',
  },
  notices: {
    expired: {
      title: 'Dieser Link ist abgelaufen',
      body: 'Zu Ihrer Sicherheit gilt ein Link nur kurze Zeit.',
      next: 'Gehen Sie zurück zur App und beginnen Sie neu, um einen neuen Link zu erhalten.',
    },
    userLimit: {
      title: 'Zurzeit sind keine weiteren Verbindungen möglich',
      body: 'Diese App hat die Zahl der Personen erreicht, die sie verbinden kann.',
      next: 'Sagen Sie den Betreibern der App Bescheid. Sie können die Grenze anheben.',
    },
    unknownLink: {
      title: 'Dieser Link funktioniert nicht',
      body: 'Er ist vielleicht unvollständig oder durch einen neueren ersetzt.',
      next: 'Gehen Sie zurück zur App und beginnen Sie neu, um einen neuen Link zu erhalten.',
    },
    formExpired: {
      title: 'Bitte versuchen Sie es noch einmal',
      body: 'Die Seite war lange offen, oder Ihr Browser speichert keine Cookies.',
      next: 'Erlauben Sie Cookies für diese Seite und wählen Sie erneut. Es wurde nichts geändert.',
    },
  },
  reasons: {
    access_denied: {
      title: 'Es wurde nichts verbunden',
      body: 'Sie haben den Zugriff bei der Quelle nicht erlaubt.',
      next: 'Falls das ein Versehen war, verbinden Sie erneut und erlauben Sie den Zugriff.',
    },
    cancelled: {
      title: 'Es wurde nichts verbunden',
      body: 'Sie sind gegangen, bevor alles fertig war.',
      next: 'Sie können jederzeit neu beginnen.',
    },
    session_expired: {
      title: 'Das hat zu lange gedauert',
      body: 'Der Link ist abgelaufen, bevor Sie zurückkamen.',
      next: openAgain,
    },
    invalid_credentials: {
      title: 'Die Anmeldung wurde nicht angenommen',
      body: 'Die Quelle hat den Namen oder das Passwort nicht erkannt.',
      next: 'Prüfen Sie beides bei der Quelle und verbinden Sie erneut.',
    },
    invalid_state: {
      title: 'Wir können diese Seite keiner Anfrage zuordnen',
      body: 'Sie wurde in einem anderen Browser oder zweimal geöffnet, oder sie ist veraltet.',
      next: openAgain,
    },
    token_exchange_failed: {
      title: 'Die Quelle hat die Verbindung nicht abgeschlossen',
      body: 'Sie haben zugestimmt, aber die Quelle hat den Zugriff danach nicht übergeben.',
      next: 'Warten Sie kurz und verbinden Sie erneut. Bleibt es dabei, sagen Sie den Betreibern der App Bescheid.',
    },
    insufficient_scopes: {
      title: 'Eine Berechtigung fehlt',
      body: 'Etwas, das die App unbedingt braucht, war nicht angekreuzt.',
      next: 'Verbinden Sie erneut und lassen Sie alle nötigen Berechtigungen angekreuzt.',
    },
    no_active_membership: {
      title: 'Eine Mitgliedschaft ist nötig',
      body: 'Die Quelle teilt Daten nur für Konten mit aktiver Mitgliedschaft.',
      next: 'Erneuern Sie die Mitgliedschaft bei der Quelle und verbinden Sie dann erneut.',
    },
    user_limit_reached: {
      title: 'Zurzeit sind keine weiteren Verbindungen möglich',
      body: 'Diese App hat die Zahl der Personen erreicht, die sie verbinden kann.',
      next: 'Sagen Sie den Betreibern der App Bescheid. Sie können die Grenze anheben.',
    },
    provider_unavailable: {
      title: 'Die Quelle ist nicht erreichbar',
      body: 'Sie antwortet gerade nicht. Meist dauert das nicht lange.',
      next: 'Versuchen Sie es in ein paar Minuten noch einmal.',
    },
    provider_rate_limited: {
      title: 'Die Quelle ist ausgelastet',
      body: 'Sie nimmt für einen Moment keine weiteren Anfragen an.',
      next: 'Versuchen Sie es in ein paar Minuten noch einmal.',
    },
    account_already_linked: {
      title: 'Dieses Konto ist schon verbunden',
      body: 'Dasselbe Konto der Quelle gehört zu einer anderen Verbindung.',
      next: 'Trennen Sie es dort zuerst, oder melden Sie sich bei der Quelle mit einem anderen Konto an.',
    },
    internal_error: {
      title: 'Bei uns ist etwas schiefgegangen',
      body: 'Es wurde nichts verbunden, und Sie haben nichts falsch gemacht.',
      next: 'Versuchen Sie es erneut. Bleibt es dabei, sagen Sie den Betreibern der App Bescheid.',
    },
  },
  unknownReason: {
    title: 'Es wurde nichts verbunden',
    body: 'Die Quelle hat die Verbindung beendet und nur einen Code als Grund genannt.',
    next: 'Versuchen Sie es erneut. Bleibt es dabei, nennen Sie den Betreibern der App diesen Code.',
  },
  reasonCode: 'Code',
  tryAgain: 'Erneut versuchen',
  back: 'Zurück zur Liste',
};
