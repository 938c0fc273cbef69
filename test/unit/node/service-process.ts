import { startSensorService } from '../../../node/client/sensor-service.ts';

// A service as a container runs it: tells on stdout what happens to it, with readings of CLOCK_MONOTONIC.
const tell = (what: string, more: object = {}): void => {
  const atMs = Number(process.hrtime.bigint() / 1_000n) / 1_000;
  process.stdout.write(`${JSON.stringify({ what, atMs, ...more })}\n`);
};

const service = startSensorService({
  onGrant: ({ unit, epoch }) => tell('begun', { unit, epoch }),
  onEnd: ({ unit, epoch }, { reason, lateMs }) => tell('ended', { unit, epoch, reason, lateMs }),
  onError: (error) => tell('error', { detail: String(error) }),
});
service.ready();
tell('ready');
