import { Session } from 'node:inspector';

/** Where the CPU time of a process goes, by what its functions belong to. */

/** µs of self time, by whose code it was. */
export type Shares = Record<string, number>;

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
}

interface Profile {
  nodes: ProfileNode[];
  samples?: number[];
  timeDeltas?: number[];
}

let session: Session | undefined;

function post<T>(method: string, params: object = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    session?.post(method, params, (error: Error | null, result?: object) => {
      if (error) reject(error);
      else resolve(result as T);
    });
  });
}

/** Begins to look at the process each 200 µs. */
export async function startProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: 200 });
  await post('Profiler.start');
}

/** Whose code a function is. */
function ownerOf({ functionName, url }: ProfileNode['callFrame']): string {
  // Who waits for a busy machine's processor is in `(program)` as well.
  if (functionName === '(idle)' || functionName === '(program)' || url === 'node:inspector') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collection';
  // Functions of C++ have no file: the system calls are among them.
  if (url === '') return 'Node.js, native';
  if (url.startsWith('node:')) return 'Node.js, its modules';
  const own = /\/dist\/(lib|nodes|bench)\/(?:core\/)?([^/]+)\//.exec(url);
  if (own) return own[1] === 'bench' ? 'the bench' : `ours: ${own[1]}/${own[2]}`;
  return url.includes('/@node-red/') ? 'Node-RED' : 'other packages';
}

/**
 * Ends it.
 *
 * @param by `owner`, or `function` for those who look for what to improve
 */
export async function stopProfile(by: 'owner' | 'function' = 'owner'): Promise<Shares> {
  const { profile } = await post<{ profile: Profile }>('Profiler.stop');
  session?.disconnect();
  session = undefined;
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => {
      const { functionName, url, lineNumber } = callFrame;
      const full = `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      return [id, by === 'owner' ? ownerOf(callFrame) : full];
    }),
  );
  const shares: Shares = {};
  profile.samples?.forEach((id, at) => {
    const name = names.get(id) ?? '?';
    shares[name] = (shares[name] ?? 0) + (profile.timeDeltas?.[at] ?? 0);
  });
  return shares;
}
