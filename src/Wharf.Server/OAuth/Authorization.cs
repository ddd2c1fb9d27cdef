using Wharf.Server.Auth;

namespace Wharf.Server.OAuth;

/// <summary>What a person lets an application do: a token that acts for that person.</summary>
internal sealed record Authorization(long Id, string Uuid, Scopes Scopes, Application Application);
