// The version of the CLI, known without loading package.json.
export const version = '0.1.0';
