/** What `start` prints once the server answers; the API key stands in it only the first time. */
export function banner(
  ready: { url: string; link: string | undefined; devId: string; apiKey: string | undefined },
  asJson: boolean,
): string {
  const { url, link, devId, apiKey } = ready;
  if (asJson) {
    return `${JSON.stringify({ url, ...(link && { link }), dev_id: devId, ...(apiKey && { api_key: apiKey }) })}\n`;
  }
  const rows: [string, string][] = [
    ...(link ? ([['First steps', `${link}  (opens once)`]] as [string, string][]) : []),
    ['API reference', `${url}/docs`],
    ['dev-id', devId],
    ['API key', apiKey ? `${apiKey}  (shown only now)` : 'as before; `npx solum env rotate-key` makes a new one'],
  ];
  return `\n  Solum answers on ${url}\n\n${rows.map(([name, value]) => `  ${name.padEnd(14)}${value}`).join('\n')}\n\n`;
}
