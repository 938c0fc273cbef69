/** Architectures as Debian, Go and OCI name them, for which images are built. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** A program made of one entry file and all that it imports. */
export interface Bundle {
  /** Path in the checkout. */
  readonly entry: string;
  /** Path in the image, for instance `/app/main.mjs`. */
  readonly path: string;
}

/** What an image is made of; everything else (base, user, reproducibility) is the same for all of them. */
export interface ImageDescription {
  /** Last part of the name: `usher.internal/<name>:<version>`. */
  readonly name: string;
  /** One sentence for people. */
  readonly title: string;
  /** Debian packages beside those of the base; what they need must be named too. */
  readonly debianPackages?: readonly string[];
  readonly bundles: readonly Bundle[];
  /** npm packages with native code: not bundled, copied with what they need, for each architecture its own part. */
  readonly nativePackages?: readonly string[];
  /** npm packages that are asked for only in cases that never come in a container: neither bundled nor copied. */
  readonly leftOut?: readonly string[];
  /** Files of the checkout that programs read: from there to the image. */
  readonly files?: readonly { readonly from: string; readonly to: string }[];
  /** What the container runs; `/usr/bin/node` is there. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** uid and gid of every program in our images; numeric, so that a kubelet can see that it is not root. */
export const IMAGE_USER = 65_532;
