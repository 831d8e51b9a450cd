import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../queue/eventually';
import { prepareNode, type RabbitServer, startPortMapper } from './rabbitmq-server';

/** Three nodes of RabbitMQ on this machine, which form a cluster. A node without a majority pauses. */
export interface RabbitCluster {
  /** As QUEUE_URL takes it. */
  readonly url: string;
  readonly nodes: readonly ClusterNode[];
  /** The node that leads a queue now. */
  leaderOf(queue: string): Promise<ClusterNode>;
  /** The connections between this node and the others break, and no new ones are accepted, until `join`. */
  cutOff(node: ClusterNode): Promise<void>;
  join(node: ClusterNode): Promise<void>;
  /** True: the nodes are short of memory from now on. */
  setShortOfMemory(isShort: boolean): Promise<void>;
  /** Ends all at once, and starts a new cluster without any data at the same addresses. */
  startAnew(): Promise<void>;
  kill(): Promise<void>;
}

export interface ClusterNode extends Pick<RabbitServer, 'url' | 'start' | 'kill'> {
  /** Erlang's name of it. */
  readonly name: string;
}

export async function startRabbitCluster(file: string, folder: string): Promise<RabbitCluster> {
  const cookie = randomBytes(12).toString('hex').toUpperCase();
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, '.erlang.cookie'), cookie, { mode: 0o400 });
  const mapperPort = await startPortMapper();
  const names = [1, 2, 3].map((number) => `epack-${cookie.slice(0, 6).toLowerCase()}-${number}`);
  const config = [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, place) => `cluster_formation.classic_config.nodes.${place + 1} = ${name}@localhost`),
    'cluster_partition_handling = pause_minority',
    '',
  ].join('\n');
  const nodes = await Promise.all(
    names.map(async (name): Promise<ClusterNode> => {
      const place = { file, folder: path.join(folder, name), name, home: folder, mapperPort, config };
      return { ...(await prepareNode(place)), name: `${name}@localhost` };
    }),
  );
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('There is no node.');
  await start();
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodes,
    leaderOf,
    async cutOff(node) {
      await setCookie(node, 'WRONG');
      await eventually('it pauses', async () => (await on(node.name, 'rabbit:is_running()')) === 'false');
    },
    async join(node) {
      await setCookie(node, cookie);
      await isWhole();
    },
    async setShortOfMemory(isShort) {
      const share = isShort ? '0.0' : '0.6';
      for (const { name } of nodes)
        await on(name, `vm_memory_monitor:set_vm_memory_high_watermark(${share})`);
      await eventually('every node knows', async () => {
        const known = await Promise.all(
          nodes.map(({ name }) => on(name, 'rabbit_alarm:get_alarms() =/= []')),
        );
        return known.every((one) => one === String(isShort));
      });
    },
    async startAnew() {
      await kill();
      for (const name of names) rmSync(path.join(folder, name, 'mnesia'), { recursive: true, force: true });
      await start();
    },
    kill,
  };

  /** Nodes that start at the same moment may each begin a cluster of its own. */
  async function start(): Promise<void> {
    await first?.start();
    await Promise.all(others.map((node) => node.start()));
    await isWhole();
  }

  async function isWhole(): Promise<void> {
    for (const { name } of nodes)
      await eventually('the node sees all others', async () => {
        const seen = await on(name, '{rabbit:is_running(), length(rabbit_nodes:all_running())}').catch(
          () => '',
        );
        return seen === `{true,${nodes.length}}`;
      });
  }

  async function kill(): Promise<void> {
    await Promise.all(nodes.map((node) => node.kill()));
  }

  async function leaderOf(queue: string): Promise<ClusterNode> {
    const ask = `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)), element(2, amqqueue:get_pid(Q))`;
    for (const { name } of nodes) {
      const leader = await on(name, ask).catch(() => null);
      const found = nodes.find((node) => leader?.includes(node.name));
      if (found !== undefined) return found;
    }
    throw new Error(`No node knows the leader of ${queue}.`);
  }

  /** Two nodes connect only if they use the same cookie. Both connections end at once, so that no node sees a part of it. */
  async function setCookie(node: ClusterNode, word: string): Promise<void> {
    const others = nodes.filter(({ name }) => name !== node.name);
    const cookies = others.map(({ name }) => `erlang:set_cookie('${name}', '${word}')`);
    const ends = others.map(({ name }) => `erlang:disconnect_node('${name}')`);
    await on(node.name, [...cookies, ...ends].join(', '));
  }

  /** Evaluates Erlang on a node. Returns the printed result. */
  async function on(name: string, expression: string): Promise<string> {
    const code = `{ok, T, _} = erl_scan:string(${JSON.stringify(`${expression}.`)}), {ok, E} = erl_parse:parse_exprs(T),
      {value, V, _} = rpc:call('${name}', erl_eval, exprs, [E, []]), io:format("~0p", [V]), halt(0).`;
    const asker = `asker${randomBytes(4).toString('hex')}@localhost`;
    const words = ['-noinput', '-hidden', '-sname', asker, '-setcookie', cookie, '-eval', code];
    const environment = { ...process.env, HOME: folder, ERL_EPMD_PORT: String(mapperPort) };
    const { stdout } = await promisify(execFile)('erl', words, {
      env: environment,
      cwd: folder,
      timeout: 30_000,
    });
    return stdout;
  }
}
