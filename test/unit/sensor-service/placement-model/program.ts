/** The service's process on one board. It acts by a Lease from the grant on until it has stopped, or is no more. */
export class Program {
  readonly connection: number;
  readonly #epochs = new Map<string, number>();
  /** By Lease: rounds until it has reached its safe state. */
  readonly #stopping = new Map<string, number>();

  constructor(connection: number) {
    this.connection = connection;
  }

  isActive(lease: string): boolean {
    return this.#epochs.has(lease);
  }

  /** The epoch by which it acts for a Lease. */
  epochOf(lease: string): number | undefined {
    return this.#epochs.get(lease);
  }

  /** True when this grant is the first of its epoch. */
  begin(lease: string, epoch: number): boolean {
    const isNew = this.#epochs.get(lease) !== epoch;
    this.#epochs.set(lease, epoch);
    return isNew;
  }

  stop(lease: string, rounds: number): void {
    if (this.isActive(lease)) this.#stopping.set(lease, rounds);
  }

  /** Asked once a round while it is on its way to the safe state. */
  hasStopped(lease: string): boolean {
    const rounds = this.#stopping.get(lease);
    if (rounds === undefined) return false;
    this.#stopping.set(lease, rounds - 1);
    return rounds <= 0;
  }

  /** Gives the epoch that is over. */
  end(lease: string): number | undefined {
    const epoch = this.#epochs.get(lease);
    this.#epochs.delete(lease);
    this.#stopping.delete(lease);
    return epoch;
  }
}
