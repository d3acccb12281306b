/** What the application does with lines: calls `onLine` for each, and joins the replies. */
export function replies(text: string): string {
  let joined = '';
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
    joined += onLine(text.slice(start, end));
    start = end + 1;
  }
  return joined + onLine(start === 0 ? text : text.slice(start));
}

function onLine(line: string): string {
  return `${line}\n`;
}
