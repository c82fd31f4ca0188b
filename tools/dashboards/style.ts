import { theme } from "./colors.ts";

/** Of Grafana's grid, in pixels. */
export const grid = { columns: 24, width: 1392, row: 30, gap: 8, padding: 20 };

export const css = `
* { box-sizing: border-box; }
body { margin: 0; background: ${theme.page}; color: ${theme.text}; font: 13px/1.4 ${theme.font}; }
main { width: ${grid.width + 2 * grid.padding}px; padding: ${grid.padding}px; }
header { display: flex; align-items: baseline; gap: 14px; margin-bottom: 16px; }
h1 { font-size: 22px; font-weight: 600; margin: 0; color: #fff; }
header p { margin: 0; color: ${theme.faint}; flex: 1; }
header .range { color: ${theme.faint}; font-size: 12px; }
.grid { position: relative; }
.panel { position: absolute; background: ${theme.panel}; border: 1px solid ${theme.border}; border-radius: 4px;
  overflow: hidden; display: flex; flex-direction: column; }
.panel h2 { font-size: 13px; font-weight: 500; margin: 0; padding: 7px 12px 3px; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; flex: none; }
.row { position: absolute; font-size: 15px; font-weight: 600; color: #fff; padding-top: 8px; }
.body { flex: 1; min-height: 0; position: relative; }
.nothing { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center;
  color: ${theme.faint}; font-size: 15px; }
.legend { flex: none; padding: 0 12px 7px; font-size: 12px; overflow: hidden; }
.legend span { display: inline-block; margin-right: 14px; white-space: nowrap; }
.legend i, td i { display: inline-block; width: 13px; height: 4px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; }
table { width: 100%; border-collapse: collapse; font-size: 12px; }
th { text-align: left; color: #6e9fff; font-weight: 500; padding: 3px 8px; }
td { padding: 3px 8px; border-top: 1px solid ${theme.border}; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; max-width: 0; }
td:first-child, th:first-child { width: 58%; }
.even td, .even th { width: auto !important; max-width: none; }
td.number, th.number { text-align: right; }
.more { margin: 4px 8px; font-size: 12px; color: ${theme.faint}; }
.stats { position: absolute; inset: 0; display: flex; gap: 4px; }
.stat { position: relative; flex: 1; min-width: 0; display: flex; flex-direction: column; align-items: center;
  justify-content: center; overflow: hidden; border-radius: 4px; }
.stats.many { flex-direction: column; padding: 2px 12px 8px; gap: 2px; }
.many .stat { flex-direction: row; justify-content: space-between; gap: 8px; }
.stat b { font-weight: 600; position: relative; white-space: nowrap; }
.stat small { font-size: 13px; position: relative; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.stat svg { position: absolute; left: 0; bottom: 0; }
.words { padding: 4px 14px; font-size: 14px; }
.words a { color: #6e9fff; text-decoration: none; }
.words ul { margin: 0; padding-left: 18px; }
.words li { margin: 7px 0; }
`;
