// Id mappings of config.json as lines of /proc/<pid>/uid_map. @source man user_namespaces(7)
interface IdMap {
  containerID: number;
  hostID: number;
  size: number;
}

export const mapLines = (mappings: readonly IdMap[]): string =>
  mappings.map((item) => `${item.containerID} ${item.hostID} ${item.size}\n`).join('');
