/**
 * What lies on a BullMQ queue: not a job, but the right to take the next one that waits there. Its name says
 * for which job it was put there, and keeps two for the same entry of that job from being there at once.
 */
export function ticketOf(job: string, entry = 0): string {
  return entry === 0 ? job : `${job}.${entry}`;
}

/** The job that a ticket was put on its queue for. It is not the one that the ticket gets, but for chance. */
export function jobOfTicket(ticket: string): string {
  return ticket.split('.', 1)[0] ?? '';
}
