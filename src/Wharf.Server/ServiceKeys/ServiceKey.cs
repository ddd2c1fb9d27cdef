namespace Wharf.Server.ServiceKeys;

/// <summary>The public key of a service that signs what it says to this registry.</summary>
/// <param name="Kid">Its thumbprint (RFC 7638), in hex digits.</param>
/// <param name="Jwk">The public key as a JSON Web Key (RFC 7517).</param>
/// <param name="Metadata">A JSON object.</param>
/// <param name="RotationS">After how many seconds the service replaces it by itself, or null.</param>
/// <param name="Approval">Null until somebody approved it.</param>
internal sealed record ServiceKey(string Kid, string Name, string Service, string Jwk, string Metadata, long CreatedMs, long? ExpiresMs, long? RotationS, ServiceKeyApproval? Approval);
