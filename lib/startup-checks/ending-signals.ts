/** The signals that a platform or a terminal sends to end a process. */
export const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'];
