/** The mark of Solum: a low sun over layered ground. Keep it equal to `web/first-steps/assets/mark.svg`. */
export const SOLUM_LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><title>Solum</title>
<rect width="32" height="32" rx="9" fill="#0f766e"/>
<path d="M10 16.5a6 6 0 0 1 12 0Z" fill="#fff"/>
<path d="M6.5 20h19M9 23.5h14M12.5 27h7" stroke="#fff" stroke-width="2" stroke-linecap="round"/>
</svg>`;
