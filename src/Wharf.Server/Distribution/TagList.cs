namespace Wharf.Server.Distribution;

/// <summary>distribution-spec "Listing Tags": the repository and its tags in ASCII order.</summary>
internal sealed record TagList(string Name, IReadOnlyList<string> Tags);
