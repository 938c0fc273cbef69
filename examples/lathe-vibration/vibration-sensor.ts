/** One reading. */
export interface Vibration {
  /** RMS velocity of three axes, mm/s (ISO 20816). */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly temperatureC: number;
}

/** A sensor on a machine tool. */
export interface VibrationSensor {
  /** Opens what is between here and the sensor, also anew when it was lost, without asking it anything. */
  open(): Promise<void>;
  read(): Promise<Vibration>;
  close(): Promise<void>;
}
