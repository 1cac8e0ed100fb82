export function publishResults() {}
