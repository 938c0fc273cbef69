import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { authorityLines } from './lines/authority.ts';
import { comebackLines } from './lines/comeback.ts';
import { joinLines } from './lines/join.ts';
import { outageLines } from './lines/outage.ts';
import { podLines } from './lines/pods.ts';
import { ContractCluster } from './support/contract-cluster.ts';

// The join contract of k3s, line by line (README.md here lists the lines), against the binary that USHER_K3S names.
const k3sPath = process.env['USHER_K3S'];
const imagesDir = process.env['USHER_IMAGES'];

describe.skipIf(k3sPath === undefined || imagesDir === undefined)('the join contract of k3s', () => {
  let cluster: ContractCluster;
  let standIn = false;

  beforeAll(async () => {
    if (k3sPath === undefined || imagesDir === undefined) return;
    const { stdout } = await promisify(execFile)(k3sPath, ['--version']);
    standIn = stdout.includes('not k3s');
    cluster = await ContractCluster.start(k3sPath, imagesDir);
  }, 120_000);

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(await cluster.lastWords());
  });

  afterAll(async () => {
    await cluster.stop();
  }, 60_000);

  describe('the join', () => {
    joinLines(() => cluster);
  });
  describe('machines that come back', () => {
    comebackLines(() => cluster);
  });
  describe('what a node may do', () => {
    authorityLines(() => cluster);
  });
  describe('pods', () => {
    podLines(
      () => cluster,
      () => standIn,
    );
  });
  describe('outages of the server', () => {
    outageLines(() => cluster);
  });
});
