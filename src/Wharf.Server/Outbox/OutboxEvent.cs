using Wharf.Oci;

namespace Wharf.Server.Outbox;

/// <summary>Something that happened, as its consumers read it.</summary>
/// <param name="Seq">Its position: without gaps, in an order in which nothing appears behind what was read already.</param>
/// <param name="Repository">The repository's name, where the event is about one that still has its row.</param>
/// <param name="Payload">JSON, whose form belongs to the kind.</param>
/// <param name="Namespace">The namespace's name, where the event is about one that still has its row.</param>
internal sealed record OutboxEvent(long Seq, string Kind, long NamespaceId, long? RepositoryId, RepositoryName? Repository, Digest Digest, string Payload, string? Namespace);
