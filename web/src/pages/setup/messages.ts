import { catalogue } from '../../messages/catalogue';

export const t = catalogue('setup', {
  title: 'Welcome to your registry',
  lead: 'Nobody is here yet. The first account is the administrator of all of it: it can see and change everything.',
  create: 'Create the administrator',
  pushTitle: 'Push your first image',
  pushLead: 'This registry is reached as {host}. Sign in with your password once, then push. This page lights up when the image is here.',
  which: 'With which program',
  client: 'Command',
  insecure: 'This server speaks http without TLS. podman and skopeo need to be told; docker takes it on localhost, else list {host} under “insecure-registries” in /etc/docker/daemon.json.',
  waiting: 'Waiting for the first image …',
  arrived: '{name} is here',
  arrivedBody: 'Pushed {when}. Have a look at its tags, layers and known vulnerabilities.',
  look: 'Look at it',
  later: 'Later: go to the start page',
  robots: 'For machines, make a robot account rather than use your own password: it has rights of its own and can be withdrawn.',
});
