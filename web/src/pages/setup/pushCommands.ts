export type PushCommands = { client: 'podman' | 'docker' | 'skopeo'; lines: string[] };

/** What to type to push a first image to a registry, by program. Without TLS each has its own way of saying so. */
export function pushCommands(host: string, namespace: string, secure: boolean): PushCommands[] {
  const image = `${host}/${namespace}/hello:latest`;
  const podman = secure ? '' : ' --tls-verify=false';
  const skopeo = secure ? '' : ' --dest-tls-verify=false';
  return [
    { client: 'podman', lines: [`podman login${podman} -u ${namespace} ${host}`, `podman pull quay.io/podman/hello`, `podman push${podman} quay.io/podman/hello ${image}`] },
    { client: 'docker', lines: [`docker login -u ${namespace} ${host}`, `docker pull hello-world`, `docker tag hello-world ${image}`, `docker push ${image}`] },
    { client: 'skopeo', lines: [`skopeo login${podman} -u ${namespace} ${host}`, `skopeo copy${skopeo} docker://quay.io/podman/hello docker://${image}`] },
  ];
}
