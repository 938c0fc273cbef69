/** What the device API has done since it started, for metrics. */
export interface EnrolCounters {
  hellos: number;
  refusals: number;
  rateLimited: number;
  statusRequests: number;
  tickets: number;
  artifactsSent: number;
  artifactsBroken: number;
  connectionsRefused: number;
  tlsErrors: number;
}

/** What it holds right now. */
export interface EnrolGauges {
  candidates: number;
  longPolls: number;
  connections: number;
}

export function zeroCounters(): EnrolCounters {
  return {
    hellos: 0,
    refusals: 0,
    rateLimited: 0,
    statusRequests: 0,
    tickets: 0,
    artifactsSent: 0,
    artifactsBroken: 0,
    connectionsRefused: 0,
    tlsErrors: 0,
  };
}
