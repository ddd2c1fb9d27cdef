namespace Wharf.Server.OAuth;

/// <summary>An application of an organization.</summary>
/// <param name="Secret">Null where it was not asked for.</param>
internal sealed record Application(long Id, long NamespaceId, string Organization, string ClientId, string? Secret, ApplicationDetails Details);
