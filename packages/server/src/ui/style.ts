/**
 * The stylesheet of every page, light and dark. Colours are checked for contrast (WCAG 2.2 AA: 4.5 for text, 3 for
 * borders of fields and for the focus ring) in `style.test.ts`.
 */
export const LIGHT = {
  paper: '#f4f1e9',
  card: '#fffdf8',
  ink: '#24211b',
  soft: '#5f594c',
  line: '#ded7c7',
  edge: '#8c8371',
  accent: '#1f5449',
  'accent-hover': '#163e36',
  'on-accent': '#fffdf8',
  brass: '#9a7428',
  'brass-text': '#775610',
  'brass-light': '#c9a24f',
  error: '#a3261f',
  'error-tint': '#fbeae6',
  success: '#1f5f37',
  'success-tint': '#e6f1e6',
  info: '#3a4a58',
  'info-tint': '#e9eef0',
  focus: '#1f5449',
} as const

export const DARK: { readonly [name in keyof typeof LIGHT]: string } = {
  paper: '#141817',
  card: '#1c2220',
  ink: '#ece7da',
  soft: '#b0ab9d',
  line: '#333b38',
  edge: '#7f8882',
  accent: '#8fd0bf',
  'accent-hover': '#abe0d2',
  'on-accent': '#0f1f1b',
  brass: '#b8913f',
  'brass-text': '#dcb767',
  'brass-light': '#dcb767',
  error: '#ffb4a8',
  'error-tint': '#3a211e',
  success: '#a4d6ac',
  'success-tint': '#1d3122',
  info: '#c0ced8',
  'info-tint': '#232d33',
  focus: '#8fd0bf',
}

const colours = (palette: { readonly [name: string]: string }) =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('')

export const STYLE = `
:root{color-scheme:light dark;${colours(LIGHT)}
--serif:ui-serif,"Iowan Old Style","Palatino Linotype",Palatino,Georgia,"Times New Roman",serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;}
@media (prefers-color-scheme:dark){:root{${colours(DARK)}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);
font:1rem/1.5 var(--sans);overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.2em;text-decoration-thickness:.06em}
a:hover{color:var(--accent-hover);text-decoration-thickness:.12em}
:focus-visible{outline:.1875rem solid var(--focus);outline-offset:.1875rem;border-radius:.25rem}
h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.2;margin:0;text-wrap:balance}
h1{font-size:clamp(1.5rem,1.25rem + 1.2vw,1.875rem);letter-spacing:-.01em}
h2{font-size:1.1875rem}
p{margin:0}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.top{padding:1.5rem max(1rem,4vw) 0;display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center;justify-content:space-between}
.brand{display:inline-flex;align-items:center;gap:.625rem;font-family:var(--serif);font-size:1.1875rem;font-weight:600;
color:var(--ink);text-decoration:none;letter-spacing:.01em}
.brand:hover{color:var(--ink);text-decoration:underline}
.brand svg{width:1.625rem;height:1.625rem;flex:none}
.mark-pin{fill:var(--brass-light)}.mark-leaf{fill:var(--accent)}.mark-open{fill:none;stroke:var(--accent)}
.top nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
main{flex:1;width:100%;padding:clamp(1.5rem,6vh,4.5rem) 1rem 3rem;display:flex;flex-direction:column;align-items:center}
.bottom{padding:1rem max(1rem,4vw) 1.5rem;color:var(--soft);font-size:.875rem;text-align:center}
/* A leaf of a door: it hangs on a brass pin at its left. */
.leaf{position:relative;width:100%;max-width:27.5rem;background:var(--card);border:1px solid var(--line);border-left:.1875rem solid var(--brass);
border-radius:.1875rem 1rem 1rem .1875rem;padding:clamp(1.5rem,5vw,2.5rem);
box-shadow:0 1px 2px rgb(36 33 27/.05),0 1.5rem 3rem -1.5rem rgb(36 33 27/.22)}
.leaf::before,.leaf::after{content:"";position:absolute;left:-.4375rem;width:.6875rem;height:2.25rem;border-radius:.25rem;
background:linear-gradient(90deg,var(--brass),var(--brass-light) 40%,var(--brass))}
.leaf::before{top:2rem}.leaf::after{bottom:2rem}
.leaf.wide{max-width:44rem}
.leaf>*+*{margin-top:1.25rem}
.lead{color:var(--soft);margin-top:.5rem!important}
form{display:grid;gap:1.125rem;margin:0}
.field{display:grid;gap:.375rem}
label,.label{font-weight:600;font-size:.9375rem}
.optional{font-weight:400;color:var(--soft)}
input:not([type=checkbox]),select{width:100%;min-height:2.875rem;padding:.5rem .75rem;font:inherit;color:var(--ink);background:var(--card);
border:1px solid var(--edge);border-radius:.5rem}
select{appearance:auto}
input:not([type=checkbox]):hover,select:hover{border-color:var(--accent)}
input:not([type=checkbox]):focus-visible,select:focus-visible{outline-offset:0;border-color:var(--focus)}
input[aria-invalid=true],select[aria-invalid=true]{border-color:var(--error);box-shadow:inset 0 0 0 1px var(--error)}
input[aria-invalid=true]:focus-visible,select[aria-invalid=true]:focus-visible{outline-color:var(--error);box-shadow:none}
input:disabled,select:disabled,button:disabled{opacity:.6;cursor:not-allowed}
.check{display:grid;grid-template-columns:auto 1fr;gap:.25rem .75rem;align-items:start}
.check input{width:1.25rem;height:1.25rem;margin:.125rem 0 0;accent-color:var(--accent)}
.check label{font-weight:400;font-size:1rem}
.check>div{grid-column:2}
fieldset{display:grid;gap:.75rem;margin:0;padding:0;border:0}
legend{margin-bottom:.75rem;padding:0}
.note{font-size:.9375rem;color:var(--info);display:flex;gap:.5rem;align-items:baseline}
.note.error{color:var(--error);font-weight:500}.note.success{color:var(--success)}
.note svg,.message svg{flex:none;width:.9375rem;height:.9375rem;transform:translateY(.125rem)}
[hidden]{display:none!important}
.messages{display:grid;gap:.75rem}
.message{display:flex;gap:.625rem;align-items:baseline;padding:.75rem .875rem;border-radius:.5rem;border-left:.25rem solid var(--info);
background:var(--info-tint);color:var(--info)}
.message.error{border-color:var(--error);background:var(--error-tint);color:var(--error)}
.message.success{border-color:var(--success);background:var(--success-tint);color:var(--success)}
.button,button{display:inline-flex;align-items:center;justify-content:center;gap:.5rem;min-height:2.875rem;padding:.5rem 1.25rem;font:inherit;font-weight:600;
border-radius:.5rem;border:1px solid var(--accent);background:transparent;color:var(--accent);cursor:pointer;text-decoration:none;text-align:center}
.button:hover,button:hover{color:var(--accent-hover);border-color:var(--accent-hover);text-decoration:underline;text-decoration-thickness:.06em}
.button.first,button.first{background:var(--accent);color:var(--on-accent)}
.button.first:hover,button.first:hover{background:var(--accent-hover);border-color:var(--accent-hover);color:var(--on-accent)}
form>button{width:100%}
section form>button{width:auto;justify-self:start}
.row{display:flex;flex-wrap:wrap;gap:.75rem}
.row>*{flex:1 1 auto}
.row.end>*{flex:0 1 auto}
.or{display:flex;align-items:center;gap:.75rem;color:var(--soft);font-size:.9375rem}
.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
section.group{border-top:1px solid var(--line);padding-top:1.25rem;display:grid;gap:1rem}
.ways{border-top:1px solid var(--line);padding-top:1.25rem;display:grid;gap:.375rem;color:var(--soft)}
.ways a{display:inline-block;padding:.125rem 0}
dl{margin:0;display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.625rem 1.25rem}
dt{color:var(--soft)}
dd{margin:0}
figure{margin:0;display:grid;gap:.5rem;justify-items:start}
figure img{max-width:100%;height:auto;background:#fff;padding:.75rem;border-radius:.5rem;border:1px solid var(--line)}
code,pre{font-family:var(--mono);font-size:.9375em}
.secret{display:block;padding:.625rem .75rem;background:var(--info-tint);border-radius:.5rem;user-select:all}
.secrets+.row{margin-top:.5rem}
.secrets{list-style:none;margin:0;padding:.75rem;display:grid;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr));gap:.375rem 1rem;background:var(--info-tint);border-radius:.5rem}
details>*+*{margin-top:.5rem}
details summary{cursor:pointer;color:var(--accent);font-weight:600;padding:.25rem 0}
.reference{font-size:.9375rem;color:var(--soft)}
@media (max-width:26rem){dl{grid-template-columns:1fr;gap:.125rem}dd{margin-bottom:.625rem}.leaf{padding:1.5rem 1.125rem}}
@media (prefers-reduced-motion:no-preference){a,button,.button,input,select{transition:background-color .12s,border-color .12s,color .12s}}
@media (forced-colors:active){.leaf{border-left:1px solid}.leaf::before,.leaf::after{display:none}}
/* The dev tools. */
.bench{width:100%;max-width:64rem}
.bench>*+*{margin-top:1.25rem}
.bench>.reference{margin-top:1.5rem}
.bench>.reference+.calls{margin-top:.5rem}
.bar{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center;justify-content:space-between}
.bar form{display:block}
.bar .row>*{flex:0 0 auto}
.bar .button,.bar button{min-height:2.25rem;padding:.25rem .875rem;font-size:.9375rem}
.calls{display:grid;gap:.875rem;list-style:none;margin:0;padding:0}
.call{background:var(--card);border:1px solid var(--line);border-left:.1875rem solid var(--brass);border-radius:.125rem .75rem .75rem .125rem;padding:1rem 1.125rem;display:grid;gap:.625rem}
.call h2{font-family:var(--mono);font-size:1rem;font-weight:600;display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline}
.verb{color:var(--on-accent);background:var(--accent);border-radius:.25rem;padding:.0625rem .5rem;font-size:.8125rem}
.status{font-family:var(--sans);font-weight:400;font-size:.875rem;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.9375rem;color:var(--soft);list-style:none;margin:0;padding:0}
.facts strong{color:var(--ink);font-weight:600}
.call pre{margin:.25rem 0 0;padding:.875rem 1rem;overflow:auto;max-height:32rem;background:var(--paper);border:1px solid var(--line);border-radius:.5rem;font-size:.875rem;line-height:1.5;white-space:pre-wrap;tab-size:2}
.key{color:var(--accent)}.text{color:var(--ink)}.literal{color:var(--brass-text)}
.letter{width:100%;height:32rem;background:#fff;border:1px solid var(--line);border-radius:.5rem}
.empty{background:var(--card);border:1px dashed var(--edge);border-radius:.75rem;padding:clamp(1.25rem,4vw,2.5rem);display:grid;gap:.75rem}
.empty ol,.empty ul{margin:0;padding-left:1.25rem;display:grid;gap:.375rem}
.headers{grid-template-columns:minmax(9rem,auto) 1fr;font-size:.9375rem;gap:.25rem 1rem;margin-top:.25rem}
`
