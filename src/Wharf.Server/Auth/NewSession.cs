namespace Wharf.Server.Auth;

/// <summary>A session that is about to begin, with the value of its cookie; the account is whoever signs in.</summary>
/// <param name="Former">The session of the same browser that ends with it, or null.</param>
internal sealed record NewSession(SessionCookie Cookie, string Address, string Agent, string? Former);
