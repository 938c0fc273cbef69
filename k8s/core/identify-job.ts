import { type Kind, type KubeObject, MANAGED_BY, USHER_NAMESPACE } from './resources.ts';

/** The part of a Job that the product looks at. */
export interface Job extends KubeObject {
  apiVersion: 'batch/v1';
  kind: 'Job';
  spec: object;
}

export const JOB: Kind<Job> = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true };

/** Label on what asks a node to show itself; its value is the device's id. */
export const IDENTIFY_LABEL = 'usher.internal/identify';
/** Folder on a node whose entries its agent obeys; own-rights-policy.yaml allows Jobs of Usher nothing else. */
export const IDENTIFY_FOLDER = '/run/usher/identify';

/** Time for the kubelet to begin; counted as part of the Job's deadline. */
const START_SEC = 30;
/** A user that owns nothing on the node. */
const NOBODY = 65_534;

export interface IdentifyJobOptions {
  readonly deviceId: string;
  readonly nodeName: string;
  /** Two words, as {@link identifyEntry} takes them. */
  readonly words: string;
  readonly seconds: number;
  /** An image that the node has already; it is never fetched, and what is in it does not matter. */
  readonly image: string;
}

/** Name of the Job for a device: one at a time, whoever asks. */
export function identifyJobName(deviceId: string): string {
  return `identify-${deviceId}`;
}

/** Name of the entry that asks the agent to show `words` for so long: `amber-otter.30`. */
export function identifyEntry(words: string, seconds: number): string {
  return `${words.replace(' ', '-')}.${String(seconds)}`;
}

/**
 * A Job whose only effect is the folder that the kubelet makes for its volume: the agent on the node sees that folder and
 * does the rest. Its program runs as nobody, sees nothing but that empty folder, and is ended with its time.
 */
export function identifyJob({ deviceId, nodeName, words, seconds, image }: IdentifyJobOptions): Job {
  const labels = { ...MANAGED_BY, [IDENTIFY_LABEL]: deviceId };
  const path = `${IDENTIFY_FOLDER}/${identifyEntry(words, seconds)}`;
  return {
    apiVersion: JOB.apiVersion,
    kind: JOB.kind,
    metadata: { name: identifyJobName(deviceId), namespace: USHER_NAMESPACE, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: seconds + START_SEC,
      ttlSecondsAfterFinished: 0,
      template: {
        metadata: { labels },
        spec: {
          nodeName,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          tolerations: [{ operator: 'Exists' }],
          securityContext: { runAsNonRoot: true, runAsUser: NOBODY, runAsGroup: NOBODY },
          containers: [
            {
              name: 'identify',
              image,
              imagePullPolicy: 'Never',
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              resources: { limits: { cpu: '50m', memory: '32Mi' } },
              volumeMounts: [{ name: 'identify', mountPath: '/identify', readOnly: true }],
            },
          ],
          volumes: [{ name: 'identify', hostPath: { path, type: 'DirectoryOrCreate' } }],
        },
      },
    },
  };
}

/** An image that the node has: every node with k3s has the pause image, since each pod's sandbox is made of it. */
export function imageOnNode(images: readonly { names?: string[] | null }[]): string | undefined {
  const names = images.flatMap((image) => image.names ?? []).filter((name) => !name.includes('@'));
  return names.find((name) => /(^|[/-])pause:/.test(name)) ?? names[0];
}
