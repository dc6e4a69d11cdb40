/** The part of the test helper that these tests use; it brings no types of its own. */
declare module 'node-red-node-test-helper' {
  import type { Node, NodeInitializer } from 'node-red';

  interface LogSpy {
    args: [{ level: number; msg: unknown; id?: string; type?: string }][];
  }

  interface AdminPost {
    type(contentType: 'form' | 'json'): AdminPost;
    send(body: unknown): Promise<AdminReply>;
  }

  interface AdminReply {
    status: number;
    text: string;
    body: unknown;
  }

  interface Helper {
    init(runtimePath: string): void;
    load(
      modules: NodeInitializer[],
      flow: Record<string, unknown>[],
      credentials: Record<string, Record<string, string>>,
    ): Promise<void>;
    unload(): Promise<void>;
    /** of the runtime under test, from the next load on */
    settings(settings: object): void;
    getNode(id: string): Node | null;
    log(): LogSpy;
    request(): {
      get(path: string): Promise<AdminReply>;
      post(path: string): AdminPost;
    };
  }

  const helper: Helper;
  export default helper;
}
