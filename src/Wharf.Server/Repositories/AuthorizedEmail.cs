namespace Wharf.Server.Repositories;

/// <summary>An address that a repository's notifications may go to, once it is confirmed.</summary>
internal sealed record AuthorizedEmail(string Email, bool Confirmed);
