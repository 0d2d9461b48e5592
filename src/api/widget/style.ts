import { accentColors } from './accent.ts';

const LIGHT_GROUND = '#ffffff';
const DARK_GROUND = '#171b22';

/**
 * The style sheet of the connect pages for one accent colour. It stands inline, allowed by its hash; so it may hold no
 * ampersand, angle bracket or double quote, which rendering would escape.
 */
export function widgetStyle(accent: string): string {
  const light = accentColors(accent, LIGHT_GROUND);
  const dark = accentColors(accent, DARK_GROUND);
  return `
:root{color-scheme:light dark;
--bg:#f4f6f8;--card:${LIGHT_GROUND};--text:#12181f;--muted:#535e6b;--line:#dfe4ea;--edge:#77828f;--hover:#f3f6f9;
--accent:${light.fill};--on-accent:${light.onFill};--accent-text:${light.text};
--good:#0b6b3a;--good-soft:#e3f5ea;--warn:#8a4b00;--warn-soft:#fdf0dc;--bad:#a8201a;--bad-soft:#fdeae8;
--shadow:0 1px 2px rgb(16 24 40/.05),0 8px 24px -12px rgb(16 24 40/.12)}
@media (prefers-color-scheme:dark){:root{
--bg:#0e1116;--card:${DARK_GROUND};--text:#eef1f5;--muted:#a8b2bf;--line:#2b323c;--edge:#76818f;--hover:#1e242d;
--accent:${dark.fill};--on-accent:${dark.onFill};--accent-text:${dark.text};
--good:#6fd7a0;--good-soft:#12301f;--warn:#f3b866;--warn-soft:#33250f;--bad:#ff9a92;--bad-soft:#3a1816;
--shadow:none}}
${RULES}
${TINT_RULES}`.trim();
}

const RULES = `
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--bg);color:var(--text);
font:400 16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans Arabic','Noto Sans CJK JP',sans-serif;
overflow-wrap:anywhere}
h1,h2,p,ul,dl,dd{margin:0;padding:0}
ul{list-style:none}
h1{font-size:1.6rem;line-height:1.2;font-weight:680;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:.95rem;font-weight:620;color:var(--muted);margin-block:28px 10px}
form{margin:0}
button,input{font:inherit;color:inherit}
button{cursor:pointer}
a{color:var(--accent-text)}
:focus-visible{outline:3px solid var(--accent-text);outline-offset:2px}
.icon{flex:none;width:20px;height:20px}
[dir=rtl] .icon-chevron{transform:scaleX(-1)}
.top{display:flex;align-items:center;gap:12px;padding:20px 20px 0;width:100%;max-width:760px;margin-inline:auto;
font-weight:620}
.top .mark{width:36px;height:36px;border-radius:10px;font-size:.9rem}
main{flex:1;width:100%;max-width:760px;margin-inline:auto;padding:24px 20px 8px}
.lead{margin-top:10px;color:var(--muted);max-width:60ch}
.mark{flex:none;display:grid;place-items:center;width:44px;height:44px;border-radius:12px;font-weight:680;
font-size:1rem;letter-spacing:.01em;object-fit:contain}
.search{display:flex;gap:8px;margin-top:22px}
.search input{flex:1;min-width:0;min-height:48px;padding:0 14px;border:1px solid var(--edge);border-radius:12px;
background:var(--card)}
.search button{display:grid;place-items:center;width:48px;min-height:48px;border:1px solid var(--edge);border-radius:12px;
background:var(--card)}
.search button:hover{background:var(--hover)}
.grid{display:grid;gap:10px;margin-top:22px}
h2 + .grid{margin-top:0}
@media (min-width:640px){.grid{grid-template-columns:1fr 1fr}}
.source{position:relative;display:flex;align-items:center;gap:14px;width:100%;height:100%;min-height:76px;padding:13px 14px;text-align:start;
background:var(--card);border:1px solid var(--line);border-radius:16px;box-shadow:var(--shadow)}
button.source:hover{background:var(--hover);border-color:var(--edge)}
.source .icon-chevron{color:var(--muted)}
.what{flex:1;min-width:0;display:flex;flex-direction:column;gap:3px}
.name{font-weight:600;line-height:1.3}
.tags{display:flex;flex-wrap:wrap;gap:6px}
.tag{display:inline-flex;align-items:center;gap:4px;padding:1px 8px;border-radius:99px;font-size:.8rem;line-height:1.5;
background:var(--hover);color:var(--muted);border:1px solid var(--line)}
.tag .icon{width:14px;height:14px}
.tag.good{background:var(--good-soft);color:var(--good);border-color:transparent}
.tag.warn{background:var(--warn-soft);color:var(--warn);border-color:transparent}
.connected{display:grid;gap:10px}
.connected .source{flex-wrap:wrap}
.connected .what{flex-basis:150px}
.acts{display:flex;flex-wrap:wrap;gap:8px}
.button{position:relative;display:inline-flex;align-items:center;justify-content:center;min-height:48px;padding:10px 22px;border-radius:12px;
border:1px solid transparent;background:var(--accent);color:var(--on-accent);font-weight:620;text-decoration:none;text-align:center}
.button:hover{filter:brightness(1.07)}
.button.quiet{background:transparent;color:var(--text);border-color:var(--edge);font-weight:560}
.button.quiet:hover{background:var(--hover);filter:none}
.button.small{min-height:44px;padding:6px 16px;font-size:.94rem}
.button.danger{background:var(--bad);color:var(--card)}
.banner{display:flex;gap:10px;align-items:flex-start;margin-top:20px;padding:12px 14px;border-radius:12px;
background:var(--good-soft);color:var(--good)}
.banner.warn{background:var(--warn-soft);color:var(--warn)}
.banner .icon{margin-top:2px}
.hint{margin-top:18px;color:var(--muted);font-size:.92rem}
.empty{margin-top:22px;padding:28px 20px;border:1px dashed var(--edge);border-radius:16px;color:var(--muted);text-align:center}
.panel{margin:clamp(8px,6vh,64px) auto 0;max-width:480px;padding:32px 24px;background:var(--card);border:1px solid var(--line);
border-radius:20px;box-shadow:var(--shadow);text-align:center}
.panel p{margin-top:12px;color:var(--muted)}
.panel p.next{color:var(--text)}
.facts + .next{margin-top:20px}
.sign{display:grid;place-items:center;width:64px;height:64px;margin:0 auto 20px;border-radius:50%;background:var(--hover);
color:var(--muted)}
.sign .icon{width:32px;height:32px}
.sign.good{background:var(--good-soft);color:var(--good)}
.sign.warn{background:var(--warn-soft);color:var(--warn)}
.panel .mark{margin:0 auto 20px;width:64px;height:64px;border-radius:18px;font-size:1.4rem}
.panel .acts{flex-direction:column;margin-top:24px}
.panel .acts .button{width:100%}
.facts{margin-top:22px;padding:16px;border:1px solid var(--line);border-radius:14px;text-align:start;display:grid;gap:14px}
.facts dt{font-size:.85rem;color:var(--muted)}
.facts dd{font-weight:560}
.facts .tags{margin-top:4px}
.facts .tag{font-weight:400;color:var(--text);overflow-wrap:anywhere}
.foot{display:flex;gap:8px;align-items:center;justify-content:center;width:100%;max-width:760px;margin-inline:auto;
padding:24px 20px 28px;color:var(--muted);font-size:.88rem}
.foot .icon{width:18px;height:18px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (min-width:640px){h1{font-size:2rem}.panel{padding:44px 40px}.panel h1{font-size:1.6rem}main{padding-top:36px}
.top{padding-top:28px}}
@media (forced-colors:active){.button,.source,.tag{border-color:ButtonText}}
`.trim();

const HUES = [172, 210, 250, 285, 330, 15, 42, 105];

const TINT_RULES = [
  ...HUES.map((hue, index) => `.tint-${index}{background:hsl(${hue} 55% 91%);color:hsl(${hue} 65% 24%)}`),
  '@media (prefers-color-scheme:dark){',
  ...HUES.map((hue, index) => `.tint-${index}{background:hsl(${hue} 35% 22%);color:hsl(${hue} 60% 85%)}`),
  '}',
].join('\n');
