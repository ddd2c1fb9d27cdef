namespace Wharf.Server.Content;

/// <summary>The payload of <c>content.collected</c>: what the collector took out of a repository.</summary>
/// <param name="What">manifests or blobs.</param>
/// <param name="Digests">At most <see cref="MaxDigests"/>, so that the payload stays within 8 KiB.</param>
internal sealed record CollectedContent(string What, int Count, IReadOnlyList<string> Digests)
{
    public const int MaxDigests = 50;
}
