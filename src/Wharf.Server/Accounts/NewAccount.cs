namespace Wharf.Server.Accounts;

/// <summary>The outcome of making an account: its number, or what stands against it in words for a person.</summary>
internal readonly record struct NewAccount(long Id, string? Problem);
