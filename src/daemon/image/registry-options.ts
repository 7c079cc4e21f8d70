// What daemon.json says about registries, for whoever speaks to one: containerd in a transfer, or this stage itself.
import type { TransferRequest } from '../../containerd/client.ts';
import type { Engine } from '../engine.ts';

export function registryOptions({
  configuration,
}: Engine): Required<Pick<TransferRequest, 'mirrors' | 'insecureRegistries' | 'registryRealms'>> {
  return {
    mirrors: configuration['registry-mirrors'] ?? [],
    insecureRegistries: configuration['insecure-registries'] ?? [],
    registryRealms: configuration['registry-realms'] ?? [],
  };
}
