import type { Texts } from './texts.ts';

const openAgain = 'Vuelve a la aplicación y abre el enlace de nuevo.';

export const es: Texts = {
  code: 'es',
  direction: 'ltr',
  list: {
    title: (app) => `Conecta tus datos con ${app}`,
    lead: (app) => `Elige dónde están tus datos de salud. ${app} solo ve lo que aceptes compartir.`,
    search: 'Buscar fuentes',
    searchButton: 'Buscar',
    showAll: 'Mostrar todas las fuentes',
    noMatch: (query) => `Ninguna fuente coincide con «${query}».`,
    none: 'Todavía no hay ninguna fuente que conectar.',
    connectedHeading: 'Conectadas',
    moreHeading: 'Conectar otra fuente',
    simulated: 'Simulada',
    simulatedHelp: 'Las fuentes simuladas contienen personas inventadas. No hace falta una cuenta real.',
    inApp: 'Continúa en la aplicación',
    connected: 'Conectada',
    needsReconnecting: 'Hay que volver a conectarla',
    connect: (name) => `Conectar ${name}`,
    reconnect: 'Reconectar',
    disconnect: 'Desconectar',
    disconnected: (name) => `${name} se ha desconectado.`,
    privacy: (app) => `Inicias sesión en la propia fuente. ${app} nunca ve tu contraseña.`,
  },
  disconnect: {
    title: (name) => `¿Desconectar ${name}?`,
    body: (app, name) =>
      `${app} dejará de recibir datos de ${name} y se borrará lo guardado de esta conexión. Podrás conectarla otra vez más adelante.`,
    confirm: 'Desconectar',
    keep: 'Mantener conectada',
  },
  success: {
    title: (name) => (name ? `${name} está conectado` : 'Conexión completada'),
    body: (app) => (app ? `${app} ya puede recibir tus datos.` : 'Tus datos ya se pueden recibir.'),
    account: 'Cuenta',
    shared: 'Compartes',
    next: (app) => (app ? `Puedes cerrar esta página y volver a ${app}.` : 'Puedes cerrar esta página.'),
  },
  confirm: {
    title: (name) => `¿Conectar ${name} aquí?`,
    body: (app, name) => `Has vuelto de ${name} en otro navegador. Continúa para conectarlo con ${app}.`,
    caution: 'Si no has empezado tú, cierra esta página y no se conectará nada.',
    button: 'Sí, conectar',
  },
  forward: {
    title: (name) => (name ? `Abriendo ${name} …` : 'Un momento …'),
    body: 'Si no ocurre nada, usa el botón.',
    button: 'Continuar',
  },
  notices: {
    expired: {
      title: 'Este enlace ha caducado',
      body: 'Por tu seguridad, cada enlace funciona solo durante un rato.',
      next: 'Vuelve a la aplicación y empieza de nuevo para obtener otro enlace.',
    },
    userLimit: {
      title: 'Ahora no se pueden añadir conexiones',
      body: 'Esta aplicación ha llegado al número de personas que puede conectar.',
      next: 'Avisa a quienes gestionan la aplicación: pueden ampliar el límite.',
    },
    unknownLink: {
      title: 'Este enlace no funciona',
      body: 'Puede que esté incompleto o que haya otro más reciente.',
      next: 'Vuelve a la aplicación y empieza de nuevo para obtener otro enlace.',
    },
    formExpired: {
      title: 'Inténtalo una vez más',
      body: 'La página llevaba mucho tiempo abierta o tu navegador no guarda cookies.',
      next: 'Permite las cookies en esta página y elige otra vez. No ha cambiado nada.',
    },
  },
  reasons: {
    access_denied: {
      title: 'No se ha conectado nada',
      body: 'No diste permiso en la fuente.',
      next: 'Si fue un error, conecta otra vez y elige permitir.',
    },
    cancelled: {
      title: 'No se ha conectado nada',
      body: 'Saliste antes de terminar.',
      next: 'Puedes empezar de nuevo cuando quieras.',
    },
    session_expired: {
      title: 'Ha pasado demasiado tiempo',
      body: 'El enlace caducó antes de que volvieras.',
      next: openAgain,
    },
    invalid_credentials: {
      title: 'No se aceptó el inicio de sesión',
      body: 'La fuente no reconoció el nombre o la contraseña.',
      next: 'Compruébalos en la fuente y conecta otra vez.',
    },
    invalid_state: {
      title: 'No reconocemos esta solicitud',
      body: 'La página se abrió en otro navegador, se abrió dos veces o es antigua.',
      next: openAgain,
    },
    token_exchange_failed: {
      title: 'La fuente no completó la conexión',
      body: 'Diste permiso, pero después la fuente no entregó el acceso.',
      next: 'Espera un momento y conecta otra vez. Si se repite, avisa a quienes gestionan la aplicación.',
    },
    insufficient_scopes: {
      title: 'Falta un permiso',
      body: 'Quedó sin marcar algo que la aplicación necesita.',
      next: 'Conecta otra vez y deja marcados todos los permisos obligatorios.',
    },
    no_active_membership: {
      title: 'Se necesita una suscripción',
      body: 'La fuente solo comparte datos de cuentas con una suscripción activa.',
      next: 'Renueva la suscripción en la fuente y conecta otra vez.',
    },
    user_limit_reached: {
      title: 'Ahora no se pueden añadir conexiones',
      body: 'Esta aplicación ha llegado al número de personas que puede conectar.',
      next: 'Avisa a quienes gestionan la aplicación: pueden ampliar el límite.',
    },
    provider_unavailable: {
      title: 'La fuente no está disponible',
      body: 'No responde en este momento. Suele durar poco.',
      next: 'Inténtalo de nuevo en unos minutos.',
    },
    provider_rate_limited: {
      title: 'La fuente está ocupada',
      body: 'Por el momento no acepta más solicitudes.',
      next: 'Inténtalo de nuevo en unos minutos.',
    },
    account_already_linked: {
      title: 'Esta cuenta ya está conectada',
      body: 'La misma cuenta de la fuente pertenece a otra conexión.',
      next: 'Desconéctala allí primero o inicia sesión en la fuente con otra cuenta.',
    },
    internal_error: {
      title: 'Algo ha fallado por nuestra parte',
      body: 'No se ha conectado nada y no has hecho nada mal.',
      next: 'Inténtalo de nuevo. Si se repite, avisa a quienes gestionan la aplicación.',
    },
  },
  unknownReason: {
    title: 'No se ha conectado nada',
    body: 'La fuente terminó la conexión y solo dio un código como motivo.',
    next: 'Inténtalo de nuevo. Si se repite, da este código a quienes gestionan la aplicación.',
  },
  reasonCode: 'Código',
  tryAgain: 'Intentar de nuevo',
  back: 'Volver a la lista',
};
