namespace Wharf.Server.Accounts;

/// <summary>A code before it is stored: the code itself goes into a mail only, the other two into the database.</summary>
internal sealed record FreshCode(string Code, string Id, byte[] Mac);
