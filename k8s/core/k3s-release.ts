import { UsherError } from '../../foundation/errors.ts';

/** The k3s release this version of Usher is made for. */
export const PINNED_K3S_VERSION = 'v1.36.3+k3s1';
export const K3S_RELEASES = 'https://github.com/k3s-io/k3s/releases/download';

/** Architectures as Go names them. */
export type K3sArch = 'amd64' | 'arm64' | 'arm';

const BINARY_NAMES: Record<K3sArch, string> = { amd64: 'k3s', arm64: 'k3s-arm64', arm: 'k3s-armhf' };

/** Name of the k3s binary among the files of a release. */
export function k3sBinaryName(arch: K3sArch): string {
  return BINARY_NAMES[arch];
}

/** Name of the archive of all images that k3s needs without a network. */
export function k3sImagesName(arch: K3sArch): string {
  return `k3s-airgap-images-${arch}.tar.zst`;
}

/** Name of the file of a release that holds the SHA-256 of the others. */
export function k3sChecksumName(arch: K3sArch): string {
  return `sha256sum-${arch}.txt`;
}

/** URL of a file of a release; `base` is the release server or a mirror laid out like it. The `+` is encoded. */
export function k3sAssetUrl(base: string, version: string, file: string): string {
  return `${base.replace(/\/+$/, '')}/${encodeURIComponent(version)}/${encodeURIComponent(file)}`;
}

/** The SHA-256 (lower-case hex) of `file` in the text that `sha256sum` wrote, or undefined. */
export function checksumOf(text: string, file: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, hash, name] = /^([0-9a-fA-F]{64}) [ *](.+?)\r?$/.exec(line) ?? [];
    if (hash !== undefined && name === file) return hash.toLowerCase();
  }
  return undefined;
}

/**
 * `text` as a k3s version such as `v1.36.3+k3s1`.
 * @throws UsherError CONFIG_INVALID
 */
export function parseK3sVersion(text: string): string {
  if (!/^v\d+\.\d+\.\d+(?:-rc\d+)?\+k3s\d+$/.test(text)) {
    throw new UsherError('CONFIG_INVALID', {
      detail: `${text} is no k3s version; one looks like ${PINNED_K3S_VERSION}`,
    });
  }
  return text;
}

/** Architecture of this process (`process.arch`) or of a machine (`uname -m`) in Go's words, or undefined. */
export function k3sArchOf(name: string): K3sArch | undefined {
  const known: Record<string, K3sArch> = {
    x64: 'amd64',
    x86_64: 'amd64',
    amd64: 'amd64',
    arm64: 'arm64',
    aarch64: 'arm64',
    arm: 'arm',
    armv7l: 'arm',
    armhf: 'arm',
  };
  return known[name];
}
