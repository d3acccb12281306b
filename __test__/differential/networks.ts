import type { Implementation, UnixImplementation } from '../helpers/implementation.ts';
import { overUnix } from '../helpers/over-unix.ts';
import { datagramScripts } from './datagram/anything.ts';
import { simulate as simulateDatagrams } from './datagram/model.ts';
import { Udp, UnixDatagrams } from './datagram/network.ts';
import { DatagramStage } from './datagram/stage.ts';
import { type AnyDiffer, Differ } from './differ.ts';
import { streamScripts } from './stream/anything.ts';
import { simulate as simulateStreams } from './stream/model.ts';
import { StreamStage } from './stream/stage.ts';

/** What channels talk over: TCP and Unix streams, UDP and Unix datagrams. */
export const NETWORKS =
  process.platform === 'win32'
    ? (['tcp', 'udp'] as const)
    : (['tcp', 'unix', 'udp', 'unix-datagram'] as const);

export type Network = (typeof NETWORKS)[number];

type Implementations = Record<string, Implementation & UnixImplementation>;

export function isNetwork(name: string): name is Network {
  return (NETWORKS as readonly string[]).includes(name);
}

/** Where nobody says which. */
export function networkOf(seed: number): Network {
  return NETWORKS[seed % NETWORKS.length] ?? 'tcp';
}

export async function open(network: Network, implementations: Implementations): Promise<AnyDiffer> {
  switch (network) {
    case 'tcp':
    case 'unix':
      return openStreams(network === 'unix', implementations);
    case 'udp':
    case 'unix-datagram':
      return openDatagrams(network === 'unix-datagram', implementations);
  }
}

async function openStreams(unix: boolean, implementations: Implementations): Promise<AnyDiffer> {
  const stages = new Map<string, StreamStage>();
  for (const [name, impl] of Object.entries(implementations)) {
    stages.set(name, await StreamStage.open(unix ? overUnix(impl) : impl));
  }
  return new Differ(streamScripts(!unix), simulateStreams, stages);
}

/** Node has no Unix datagrams: what the reference is told over UDP must be the same. */
async function openDatagrams(unix: boolean, implementations: Implementations): Promise<AnyDiffer> {
  const stages = new Map<string, DatagramStage>();
  for (const [name, impl] of Object.entries(implementations)) {
    const network = unix && name !== 'reference' ? new UnixDatagrams() : new Udp();
    stages.set(name, await DatagramStage.open(impl, network));
  }
  return new Differ(datagramScripts, simulateDatagrams, stages);
}
