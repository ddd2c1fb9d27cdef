using Wharf.Server.Auth;

namespace Wharf.Server.OAuth;

/// <summary>What somebody may let an application do without being an admin of its organization, once.</summary>
internal sealed record Assignment(long Id, string Uuid, string RedirectUri, Scopes Scopes, string ResponseType, Application Application);
