import { WORK, type Work, type WorkMessage } from './messages.js';

/** What happened to the work of one kind. */
export interface Tally {
  readonly work: Work;
  readonly sent: number;
  readonly done: number;
  readonly twice: number;
  readonly lost: number;
  readonly errors: readonly string[];
}

/** Counts the messages of all programs, for each kind of work. */
export function tally(told: readonly { readonly kind: string }[]): readonly Tally[] {
  const messages = told.filter(isOfWork);
  return WORK.map((work) => {
    const own = messages.filter((message) => message.work === work);
    const sent = new Set(own.flatMap((message) => (message.kind === 'sent' ? [message.id] : [])));
    const ends = own.flatMap((message) => (message.kind === 'done' ? [message.id] : []));
    const done = new Set(ends);
    return {
      work,
      sent: sent.size,
      done: done.size,
      twice: ends.length - done.size,
      lost: [...sent].filter((id) => !done.has(id)).length,
      errors: own.flatMap((message) => (message.kind === 'failed' ? [message.why] : [])),
    };
  });
}

/** What is wrong with the counts. */
export function faultsIn(counts: readonly Tally[]): readonly string[] {
  return counts.flatMap(({ work, sent, twice, lost, errors }) => [
    ...(sent === 0 ? [`no ${work}`] : []),
    ...(twice > 0 ? [`${twice} ${work} twice`] : []),
    ...(lost > 0 ? [`${lost} ${work} lost`] : []),
    ...(errors.length > 0 ? [`${errors.length} errors with ${work}, such as ${errors[0]}`] : []),
  ]);
}

function isOfWork(message: { readonly kind: string }): message is WorkMessage {
  return 'work' in message;
}
