import type { Texts } from './texts.ts';

const openAgain = 'Retournez dans l’application et ouvrez de nouveau le lien.';

export const fr: Texts = {
  code: 'fr',
  direction: 'ltr',
  list: {
    title: (app) => `Reliez vos données à ${app}`,
    lead: (app) =>
      `Choisissez où se trouvent vos données de santé. ${app} ne voit que ce que vous acceptez de partager.`,
    search: 'Rechercher une source',
    searchButton: 'Rechercher',
    showAll: 'Afficher toutes les sources',
    noMatch: (query) => `Aucune source ne correspond à « ${query} ».`,
    none: 'Il n’y a pas encore de source à connecter.',
    connectedHeading: 'Connectées',
    moreHeading: 'Connecter une autre source',
    simulated: 'Simulée',
    simulatedHelp: 'Les sources simulées contiennent des personnes fictives. Aucun vrai compte n’est nécessaire.',
    inApp: 'Se poursuit dans l’application',
    connected: 'Connectée',
    needsReconnecting: 'À reconnecter',
    connect: (name) => `Connecter ${name}`,
    reconnect: 'Reconnecter',
    disconnect: 'Déconnecter',
    disconnected: (name) => `${name} est déconnecté.`,
    privacy: (app) => `Vous vous identifiez auprès de la source elle-même. ${app} ne voit jamais votre mot de passe.`,
  },
  disconnect: {
    title: (name) => `Déconnecter ${name} ?`,
    body: (app, name) =>
      `${app} ne recevra plus de données de ${name}, et ce qui était conservé pour cette connexion sera supprimé. Vous pourrez la rétablir plus tard.`,
    confirm: 'Déconnecter',
    keep: 'Garder la connexion',
  },
  success: {
    title: (name) => (name ? `${name} est connecté` : 'Connexion réussie'),
    body: (app) =>
      app ? `${app} peut maintenant recevoir vos données.` : 'Vos données peuvent maintenant être reçues.',
    account: 'Compte',
    shared: 'Vous partagez',
    next: (app) => (app ? `Vous pouvez fermer cette page et retourner dans ${app}.` : 'Vous pouvez fermer cette page.'),
  },
  confirm: {
    title: (name) => `Connecter ${name} ici ?`,
    body: (app, name) => `Vous revenez de ${name} dans un autre navigateur. Continuez pour le relier à ${app}.`,
    caution: 'Si vous n’êtes pas à l’origine de cette demande, fermez cette page : rien ne sera connecté.',
    button: 'Oui, connecter',
  },
  forward: {
    title: (name) => (name ? `Ouverture de ${name} …` : 'Un instant …'),
    body: 'S’il ne se passe rien, utilisez le bouton.',
    button: 'Continuer',
  },
  notices: {
    expired: {
      title: 'Ce lien a expiré',
      body: 'Pour votre sécurité, un lien ne fonctionne que peu de temps.',
      next: 'Retournez dans l’application et recommencez pour obtenir un nouveau lien.',
    },
    userLimit: {
      title: 'Plus de connexion possible pour l’instant',
      body: 'Cette application a atteint le nombre de personnes qu’elle peut connecter.',
      next: 'Prévenez les responsables de l’application : ils peuvent relever la limite.',
    },
    unknownLink: {
      title: 'Ce lien ne fonctionne pas',
      body: 'Il est peut-être incomplet, ou remplacé par un lien plus récent.',
      next: 'Retournez dans l’application et recommencez pour obtenir un nouveau lien.',
    },
    formExpired: {
      title: 'Veuillez réessayer',
      body: 'La page est restée longtemps ouverte, ou votre navigateur refuse les cookies.',
      next: 'Autorisez les cookies pour cette page et choisissez de nouveau. Rien n’a été modifié.',
    },
  },
  reasons: {
    access_denied: {
      title: 'Rien n’a été connecté',
      body: 'Vous n’avez pas autorisé l’accès auprès de la source.',
      next: 'Si c’était une erreur, recommencez et choisissez d’autoriser.',
    },
    cancelled: {
      title: 'Rien n’a été connecté',
      body: 'Vous êtes parti avant la fin.',
      next: 'Vous pouvez recommencer quand vous le souhaitez.',
    },
    session_expired: {
      title: 'Le délai est dépassé',
      body: 'Le lien a expiré avant votre retour.',
      next: openAgain,
    },
    invalid_credentials: {
      title: 'Identification refusée',
      body: 'La source n’a pas reconnu le nom ou le mot de passe.',
      next: 'Vérifiez-les auprès de la source, puis recommencez.',
    },
    invalid_state: {
      title: 'Nous ne retrouvons pas votre demande',
      body: 'La page a été ouverte dans un autre navigateur, deux fois, ou elle est trop ancienne.',
      next: openAgain,
    },
    token_exchange_failed: {
      title: 'La source n’a pas terminé la connexion',
      body: 'Vous avez donné votre accord, mais la source n’a pas transmis l’accès.',
      next: 'Attendez un instant et recommencez. Si cela persiste, prévenez les responsables de l’application.',
    },
    insufficient_scopes: {
      title: 'Il manque une autorisation',
      body: 'Une autorisation indispensable à l’application a été décochée.',
      next: 'Recommencez en laissant cochées toutes les autorisations requises.',
    },
    no_active_membership: {
      title: 'Un abonnement est nécessaire',
      body: 'La source ne partage que les données des comptes dont l’abonnement est actif.',
      next: 'Renouvelez l’abonnement auprès de la source, puis recommencez.',
    },
    user_limit_reached: {
      title: 'Plus de connexion possible pour l’instant',
      body: 'Cette application a atteint le nombre de personnes qu’elle peut connecter.',
      next: 'Prévenez les responsables de l’application : ils peuvent relever la limite.',
    },
    provider_unavailable: {
      title: 'La source est injoignable',
      body: 'Elle ne répond pas en ce moment. Cela ne dure généralement pas.',
      next: 'Réessayez dans quelques minutes.',
    },
    provider_rate_limited: {
      title: 'La source est saturée',
      body: 'Elle n’accepte plus de demandes pour le moment.',
      next: 'Réessayez dans quelques minutes.',
    },
    account_already_linked: {
      title: 'Ce compte est déjà connecté',
      body: 'Le même compte de la source appartient à une autre connexion.',
      next: 'Déconnectez-le d’abord de l’autre côté, ou identifiez-vous avec un autre compte.',
    },
    internal_error: {
      title: 'Un problème est survenu de notre côté',
      body: 'Rien n’a été connecté, et vous n’y êtes pour rien.',
      next: 'Réessayez. Si cela persiste, prévenez les responsables de l’application.',
    },
  },
  unknownReason: {
    title: 'Rien n’a été connecté',
    body: 'La source a mis fin à la connexion et n’a donné qu’un code comme motif.',
    next: 'Réessayez. Si cela persiste, donnez ce code aux responsables de l’application.',
  },
  reasonCode: 'Code',
  tryAgain: 'Réessayer',
  back: 'Retour à la liste',
};
