import type { Notice } from '../../lib/notice.js';
import { AnsweringStreams } from '../../lib/microservices/answering-streams.js';
import type { TransportPorts } from '../../lib/microservices/transport-drain.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

/** The ports of a transport in an application without clients of its own. */
export function testedPorts({
  streams = 'finish',
  notices = [],
}: { readonly streams?: 'finish' | 'end'; readonly notices?: Notice[] } = {}): TransportPorts {
  return {
    clock: new ManualClock(),
    notify: (each) => void notices.push(each),
    answers: new AnsweringStreams(streams),
    clients: { mayCall: () => false, isInside: () => false },
  };
}
