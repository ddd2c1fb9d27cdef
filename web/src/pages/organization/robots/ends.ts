/** The day of an instant where the reader is, as a date field has it. */
export const dayOf = (at: Date): string => [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0')).join('-');

/** When a day begins where the reader is, in seconds since 1970. */
export const endOn = (day: string): number => Math.floor(new Date(`${day}T00:00:00`).getTime() / 1000);
