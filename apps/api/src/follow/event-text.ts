/** One server-sent event. JSON has no line ends of its own, so the data is one line. */
export function eventText(event: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** What clients skip: it shows that the connection lives. */
export const HEARTBEAT = ':\n\n';

/** After how long a client shall come back, when its connection ends. */
export function retryText(milliseconds: number, why: string): string {
  return `: ${why}\nretry: ${milliseconds}\n\n`;
}

/** The last word to a client that did not read: it can come back, and go on where it was. */
export function droppedText(): string {
  const data = { message: 'The events were not read, so this connection ends.' };
  return `event: dropped\ndata: ${JSON.stringify(data)}\n\n`;
}
