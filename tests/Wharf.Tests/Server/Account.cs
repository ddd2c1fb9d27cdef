namespace Wharf.Tests.Server;

/// <summary>A user of a started registry, who owns the namespace of the same name; <paramref name="Client"/> is signed in as that user with Basic.</summary>
public sealed record Account(string Name, string Password, HttpClient Client);
