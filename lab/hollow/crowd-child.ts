import { systemClock } from '../../foundation/clock.ts';
import { systemRandom } from '../../foundation/random.ts';
import { CrowdOrder, type CrowdNews } from './crowd-messages.ts';
import { FrameSender } from './frame-sender.ts';
import { hollowBoard } from './hollow-board.ts';
import { HollowPi } from './hollow-pi.ts';
import { Turnstile } from './turnstile.ts';

// Runs inside the crowd's namespace of a lab; crowd.ts starts it and tells it what to do.
const INTERFACE = 'eth0';
/** As many handshakes as one processor takes a fraction of a second for. */
const AT_ONCE = 32;
const frames = new FrameSender(INTERFACE);
const processor = new Turnstile(AT_ONCE);
let power = new AbortController();

process.on('message', (message: unknown) => {
  const order = CrowdOrder.parse(message);
  if (order.order === 'switch-off') {
    power.abort();
    power = new AbortController();
    return;
  }
  const { signal } = power;
  for (const { number, card } of order.pis) {
    const pi = new HollowPi({
      board: hollowBoard(number),
      card,
      bootMs: order.spreadMs * Math.random(),
      heartbeatMs: order.heartbeatMs,
      sendFrame: (frame) => frames.send(frame),
      processor,
      onMilestone: (what, atMs) => tell({ news: 'milestone', number, what, atMs }),
      onTrouble: (code, detail) => tell({ news: 'trouble', number, code, detail }),
      clock: systemClock,
      random: systemRandom,
    });
    tell({ news: 'board', number, deviceId: pi.deviceId });
    void pi.run(signal);
  }
});

// The lab has ended.
process.on('disconnect', () => {
  process.exit(0);
});

function tell(news: CrowdNews): void {
  process.send?.(news);
}
