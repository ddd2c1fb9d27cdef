namespace Wharf.Server.Auth;

/// <summary>Set as a feature of the request by endpoints that read a credential themselves, for the audit trail.</summary>
/// <param name="Type">signin, or v2auth for the token service (Quay's words); invite for the page of an invitation.</param>
/// <param name="Name">The name that was tried.</param>
/// <param name="Principal">Who it turned out to be; null when it was refused.</param>
internal sealed record SignInAttempt(string Type, string? Name, Principal? Principal);
