using Wharf.Oci;

namespace Wharf.Server.Live;

/// <summary>Of what somebody wants to hear: one repository, one namespace, or, where neither is named, all that he belongs to.</summary>
internal sealed record LiveFilter(RepositoryName? Repository = null, long RepositoryId = 0, string? Namespace = null, long NamespaceId = 0);
