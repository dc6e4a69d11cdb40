export type Environment = Readonly<Record<string, string | undefined>>;

/** A system the demo shows: a simulator, or a real device. */
export interface DemoSystem {
  /** One line for the console; holds no secret. */
  about: string;
  /** Environment variables that the demo flow refers to as `${NAME}`. */
  variables: Record<string, string>;
  close(): Promise<void>;
}

/** Starts a system, or refers to the real device that environment variables point to. */
export type StartSystem = (environment: Environment) => Promise<DemoSystem>;
