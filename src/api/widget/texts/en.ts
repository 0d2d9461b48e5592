import type { Texts } from './texts.ts';

const openAgain = 'Go back to the app and open the link again.';

export const en: Texts = {
  code: 'en',
  direction: 'ltr',
  list: {
    title: (app) => `Connect your data to ${app}`,
    lead: (app) => `Choose where your health data is kept. ${app} sees only what you agree to share.`,
    search: 'Search sources',
    searchButton: 'Search',
    showAll: 'Show all sources',
    noMatch: (query) => `No source matches “${query}”.`,
    none: 'There is no source to connect here yet.',
    connectedHeading: 'Connected',
    moreHeading: 'Connect another source',
    simulated: 'Simulated',
    simulatedHelp: 'Simulated sources hold made-up people. No real account is needed.',
    inApp: 'Continues in the app',
    connected: 'Connected',
    needsReconnecting: 'Needs to be connected again',
    connect: (name) => `Connect ${name}`,
    reconnect: 'Reconnect',
    disconnect: 'Disconnect',
    disconnected: (name) => `${name} is disconnected.`,
    privacy: (app) => `You sign in at the source itself. ${app} never sees your password.`,
  },
  disconnect: {
    title: (name) => `Disconnect ${name}?`,
    body: (app, name) =>
      `${app} will receive no more data from ${name}, and what was kept for this connection is deleted. You can connect it again later.`,
    confirm: 'Disconnect',
    keep: 'Keep it connected',
  },
  success: {
    title: (name) => (name ? `${name} is connected` : 'You are connected'),
    body: (app) => (app ? `${app} can now receive your data.` : 'Your data can now be received.'),
    account: 'Account',
    shared: 'You share',
    next: (app) => (app ? `You can close this page and go back to ${app}.` : 'You can close this page.'),
  },
  confirm: {
    title: (name) => `Connect ${name} here?`,
    body: (app, name) => `You came back from ${name} in a different browser. Continue to connect it to ${app}.`,
    caution: 'If you did not start this yourself, close this page. Nothing is connected then.',
    button: 'Yes, connect',
  },
  forward: {
    title: (name) => (name ? `Opening ${name} …` : 'One moment …'),
    body: 'If nothing happens, use the button.',
    button: 'Continue',
  },
  notices: {
    expired: {
      title: 'This link has expired',
      body: 'For your safety, a link works only for a short time.',
      next: 'Go back to the app and start again to get a new link.',
    },
    userLimit: {
      title: 'No more connections right now',
      body: 'This app has reached the number of people it can connect.',
      next: 'Tell the people who run the app. They can raise the limit.',
    },
    unknownLink: {
      title: 'This link does not work',
      body: 'It may be incomplete, or it was replaced by a newer one.',
      next: 'Go back to the app and start again to get a new link.',
    },
    formExpired: {
      title: 'Please try once more',
      body: 'The page was open for a long time, or your browser keeps no cookies.',
      next: 'Allow cookies for this page and choose again. Nothing was changed.',
    },
  },
  reasons: {
    access_denied: {
      title: 'Nothing was connected',
      body: 'You did not allow access at the source.',
      next: 'If that was by mistake, connect again and choose to allow.',
    },
    cancelled: {
      title: 'Nothing was connected',
      body: 'You left before connecting was done.',
      next: 'You can start again whenever you like.',
    },
    session_expired: {
      title: 'That took too long',
      body: 'The link ran out before you came back.',
      next: openAgain,
    },
    invalid_credentials: {
      title: 'The sign-in was not accepted',
      body: 'The source did not recognise the name or the password.',
      next: 'Check both at the source, then connect again.',
    },
    invalid_state: {
      title: 'We could not match this page to your request',
      body: 'It was opened in another browser, opened twice, or is out of date.',
      next: openAgain,
    },
    token_exchange_failed: {
      title: 'The source did not complete the connection',
      body: 'You allowed access, but the source then refused to hand it over.',
      next: 'Wait a moment and connect again. If it keeps happening, tell the people who run the app.',
    },
    insufficient_scopes: {
      title: 'One permission is missing',
      body: 'Something the app cannot do without was left unticked.',
      next: 'Connect again and leave all required permissions ticked.',
    },
    no_active_membership: {
      title: 'A membership is needed',
      body: 'The source shares data only for accounts with an active membership.',
      next: 'Renew the membership at the source, then connect again.',
    },
    user_limit_reached: {
      title: 'No more connections right now',
      body: 'This app has reached the number of people it can connect.',
      next: 'Tell the people who run the app. They can raise the limit.',
    },
    provider_unavailable: {
      title: 'The source is not reachable',
      body: 'It is not answering at the moment. This is usually short.',
      next: 'Try again in a few minutes.',
    },
    provider_rate_limited: {
      title: 'The source is busy',
      body: 'It is accepting no more requests for a moment.',
      next: 'Try again in a few minutes.',
    },
    account_already_linked: {
      title: 'This account is already connected',
      body: 'The same account at the source belongs to another connection.',
      next: 'Disconnect it there first, or sign in at the source with another account.',
    },
    internal_error: {
      title: 'Something went wrong on our side',
      body: 'Nothing was connected, and you did nothing wrong.',
      next: 'Try again. If it keeps happening, tell the people who run the app.',
    },
  },
  unknownReason: {
    title: 'Nothing was connected',
    body: 'The source ended the connection and gave only a code as the reason.',
    next: 'Try again. If it keeps happening, give this code to the people who run the app.',
  },
  reasonCode: 'Code',
  tryAgain: 'Try again',
  back: 'Back to the list',
};
